//! The resource strings of the wire: `[<project uuid>:]<type>[/<uuid>]`.

use uuid::Uuid;

use crate::ids::ProjectId;
use crate::permission::ResourceType;

/// A parsed resource string, borrowing the type's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resource<'a> {
    /// The project it lives in, for project-scoped types.
    pub project: Option<ProjectId>,
    /// The type's word, known to us or not.
    pub kind: &'a str,
    /// Which one; absent for the type as a whole.
    pub id: Option<Uuid>,
}

/// Why a text is no resource string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResourceError {
    /// The part before `:` is no UUID.
    #[error("the part before ':' is not a project id")]
    Project,
    /// The part after `/` is no UUID.
    #[error("the part after '/' is not an id")]
    Id,
    /// The type is empty, too long, or has characters that no type has.
    #[error("the resource type is not a word of lower-case letters and underscores")]
    Kind,
}

impl<'a> Resource<'a> {
    /// Reads a resource string.
    pub fn parse(text: &'a str) -> Result<Self, ResourceError> {
        let (project, rest) = match text.split_once(':') {
            Some((project, rest)) => {
                (Some(Uuid::parse_str(project).map_err(|_| ResourceError::Project)?), rest)
            }
            None => (None, text),
        };
        let (kind, id) = match rest.split_once('/') {
            Some((kind, id)) => (kind, Some(Uuid::parse_str(id).map_err(|_| ResourceError::Id)?)),
            None => (rest, None),
        };
        let is_word = (1..=64).contains(&kind.len())
            && kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit());
        if !is_word {
            return Err(ResourceError::Kind);
        }
        Ok(Self { project: project.map(ProjectId), kind, id })
    }

    /// The type, if this version knows it.
    #[must_use]
    pub fn known(&self) -> Option<ResourceType> {
        ResourceType::parse(self.kind)
    }

    /// The project whose roles apply: the one it lives in, or the project itself.
    #[must_use]
    pub fn governing_project(&self) -> Option<ProjectId> {
        if self.kind == ResourceType::Project.as_str() { self.id.map(ProjectId) } else { self.project }
    }
}

impl std::fmt::Display for Resource<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(project) = self.project {
            write!(f, "{project}:")?;
        }
        f.write_str(self.kind)?;
        self.id.map_or(Ok(()), |id| write!(f, "/{id}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn print_then_parse_is_the_identity(
            project in prop::option::of(any::<u128>()), kind in "[a-z_]{1,64}", id in prop::option::of(any::<u128>())
        ) {
            let resource = Resource {
                project: project.map(|p| ProjectId(Uuid::from_u128(p))), kind: &kind, id: id.map(Uuid::from_u128),
            };
            let text = resource.to_string();
            prop_assert_eq!(Resource::parse(&text), Ok(resource));
        }

        #[test]
        fn nothing_makes_it_panic(text in ".{0,200}") {
            let _ = Resource::parse(&text);
        }
    }

    #[test]
    fn malformed_strings_are_refused() {
        assert_eq!(Resource::parse("x:stack"), Err(ResourceError::Project));
        assert_eq!(Resource::parse("stack/1"), Err(ResourceError::Id));
        assert_eq!(Resource::parse(""), Err(ResourceError::Kind));
        assert_eq!(Resource::parse("Stack"), Err(ResourceError::Kind));
    }
}
