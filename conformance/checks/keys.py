"""The life of keys and personal access tokens: making, showing, rotating."""

from report import check, ensure, equal, prepared


def works(world, key: str) -> None:
    """The key opens both servers, raw and exchanged."""
    control, server = world.claviger(), world.workspace()
    control.anonymous().using(key).get("/users/me").expect()
    control.exchange(key)
    server.api(key).get("/current-user").expect()


def refused(world, key: str) -> None:
    """The key opens nothing, raw or exchanged."""
    control, server = world.claviger().anonymous(), world.workspace()
    control.using(key).get("/users/me").refused(401)
    control.post("/auth/login", form={"password": key}).refused(401)
    server.api(key).get("/current-user").expect(401)
    server.api().post("/login", form={"password": key}).expect(401)


@check
def key_is_shown_once(world):
    admin, path = world.admin(), world.bot().path(world.organization)
    made = admin.post(f"{path}/api_keys", body={"name": "second", "description": "of two"}).expect()
    ensure(made["key"].startswith("ZENPROKEY_"), "the key does not start with ZENPROKEY_")
    works(world, made["key"])
    shown = admin.get(f"{path}/api_keys/{made['id']}")
    equal(shown.expect()["name"], "second", "the name of the key")
    listed = admin.get(f"{path}/api_keys")
    equal(sorted(row["name"] for row in listed.expect()), ["default", "second"], "the names of the keys")
    for answer in (shown, listed):
        ensure(made["key"] not in answer.text, "the key is shown a second time")


@check
def key_names_are_unique(world):
    path = world.bot().path(world.organization)
    world.admin().post(f"{path}/api_keys", body={"name": "default"}).refused(409)


@check
def deleted_key_stops_working(world):
    bot = world.new_bot("deleter", "Workspace Viewer")
    works(world, bot.key)
    world.admin().delete(f"{bot.path(world.organization)}/api_keys/default").expect()
    refused(world, bot.key)


@prepared
def rotated_twice(world):
    """A key with its first, second and third value; the old one is kept for an hour each time."""
    world.project()
    bot = world.new_bot("rotator", "Workspace Viewer")
    works(world, bot.key)
    path = f"{bot.path(world.organization)}/api_keys/default/rotate"
    second = world.admin().put(path, body={"retain_period_minutes": 60}).expect()["key"]
    old = world.environment_client("rotated-once", bot.key).zenml("stack", "list")
    third = world.admin().put(path, body={"retain_period_minutes": 60}).expect()["key"]
    oldest = world.environment_client("rotated-twice", bot.key).zenml("stack", "list")
    return {"values": [bot.key, second, third], "old": old, "oldest": oldest}


@check
def rotation_keeps_the_old_key(world):
    facts = rotated_twice(world)
    equal(len(set(facts["values"])), 3, "the number of different values")
    facts["old"].succeeded().mentions("default")
    works(world, facts["values"][1])
    works(world, facts["values"][2])


@check
def second_rotation_ends_the_oldest_key(world):
    facts = rotated_twice(world)
    facts["oldest"].failed("CredentialsNotValid", "401")
    refused(world, facts["values"][0])


@check
def rotation_without_retention_ends_the_old_key(world):
    bot = world.new_bot("cutter", "Workspace Viewer")
    path = f"{bot.path(world.organization)}/api_keys/default/rotate"
    fresh = world.admin().put(path, body={"retain_period_minutes": 0}).expect()["key"]
    works(world, fresh)
    refused(world, bot.key)


@check
def personal_access_token_lives_and_dies(world):
    admin = world.admin().using(world.admin_session())
    made = admin.post("/users/me/api_keys", body={"name": "work-laptop"}).expect()
    path, token = f"/users/me/api_keys/{made['id']}", made["key"]
    works(world, token)
    names = [row["name"] for row in admin.get("/users/me/api_keys").expect()]
    ensure("work-laptop" in names, "the new token is not listed", names)
    equal(admin.patch(path, body={"active": False}).expect()["active"], False, "active")
    refused(world, token)
    equal(admin.patch(path, body={"active": True}).expect()["active"], True, "active")
    works(world, token)
    fresh = admin.put(f"{path}/rotate", body={"retain_period_minutes": 60}).expect()["key"]
    works(world, token)
    works(world, fresh)
    admin.delete(path).expect()
    refused(world, token)
    refused(world, fresh)
