-- What a credential leaves of its owner's rights; all of them, if absent.
ALTER TABLE credential ADD COLUMN scope {json};
