"""The requests that a newcomer tries first, on the paths that clients have always used."""

import re
from functools import partial

from tests.e2e.rest import PASSWORD, Client, Person
from tests.waiting import eventually

OBJECT_ID = re.compile(r"[0-9a-f]{24}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")


async def test_register_answers_the_user_without_the_password(visitor: Client) -> None:
    account = {"email": "Grace.Hopper@Example.com", "password": PASSWORD, "name": "Grace"}
    answer = await visitor.post("/api/users/register", account)
    user = answer.expect(201)
    assert OBJECT_ID.fullmatch(user["id"])
    assert MOMENT.fullmatch(user["createTime"])
    assert (user["email"], user["name"]) == ("Grace.Hopper@Example.com", "Grace")
    assert set(user) == {"id", "email", "name", "createTime", "updateTime", "etag", "timezone", "locale"}
    assert answer.headers["Location"] == "/api/users/profile"
    again = await visitor.post("/api/users/register", {**account, "email": "grace.hopper@example.com"})
    assert again.expect(409)["code"] == "email_taken"


async def test_login_answers_a_token_and_who_signed_in(visitor: Client, ada: Person) -> None:
    answer = await visitor.post("/api/users/login", {"email": ada.user["email"].upper(), "password": PASSWORD})
    login = answer.expect(200)
    assert login["tokenType"] == "Bearer"
    assert login["expiresIn"] == 3600
    assert login["user"] == ada.user
    profile = await visitor.get("/api/users/profile", headers={"Authorization": f"Bearer {login['token']}"})
    assert profile.expect(200) == ada.user


async def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(visitor: Client, ada: Person) -> None:
    wrong = (await visitor.post("/api/users/login", {"email": ada.user["email"], "password": "not the password"})).expect(401)
    unknown = (await visitor.post("/api/users/login", {"email": "nobody@example.com", "password": PASSWORD})).expect(401)
    assert {**wrong, "instance": ""} == {**unknown, "instance": ""}
    assert wrong["code"] == "invalid_credentials"


async def test_the_profile_shows_each_change_at_once(ada: Person) -> None:
    for name in ("Ada L.", "Ada Lovelace", "Countess"):
        changed = (await ada.patch("/api/users/profile", {"name": name})).expect(200)
        assert changed["name"] == name
        assert (await ada.get("/api/users/profile")).expect(200) == changed


async def test_a_task_lives_and_each_change_is_told_once(ada: Person) -> None:
    uploaded = await ada.post("/api/tasks/upload", {"title": "Ship it", "description": "1.0", "priority": "high"})
    task = uploaded.expect(201)
    assert uploaded.headers["Location"] == f"/api/tasks/{task['id']}"
    assert uploaded.headers["ETag"] == f'"{task["etag"]}"'
    assert (task["status"], task["priority"], task["ownerId"]) == ("todo", "high", ada.user["id"])
    assert (await ada.get("/api/tasks")).expect(200) == {"tasks": [task]}
    assert (await ada.get(f"/api/tasks/{task['id']}")).expect(200) == task

    changed = (await ada.put(f"/api/tasks/{task['id']}", {"status": "in_progress"})).expect(200)
    assert changed == {**task, "status": "in_progress", "updateTime": changed["updateTime"], "etag": changed["etag"]}
    assert changed["etag"] != task["etag"]
    assert (await ada.delete(f"/api/tasks/{task['id']}")).expect(204) is None
    assert (await ada.get(f"/api/tasks/{task['id']}")).expect(404)["code"] == "task_not_found"
    assert (await ada.get("/api/tasks")).expect(200) == {"tasks": []}

    told = await ada.is_notified(3)
    assert [each["type"] for each in told] == ["task.deleted", "task.updated", "task.created"]
    assert {each["taskId"] for each in told} == {task["id"]}
    assert {each["actorId"] for each in told} == {ada.user["id"]}
    assert (await ada.get("/api/notifications/get-all")).expect(200) == {"notifications": told}
    assert (await ada.get("/api/notifications/latest?limit=2")).expect(200) == {"notifications": told[:2]}


async def test_latest_answers_ten_unless_told_otherwise(ada: Person) -> None:
    for number in range(12):
        await ada.creates(title=f"Task {number}")
    told = await ada.is_notified(12)
    assert (await ada.get("/api/notifications/latest")).expect(200)["notifications"] == told[:10]


async def test_health_routes_need_no_token_and_no_quota(visitor: Client) -> None:
    health = await eventually(lambda: visitor.get("/health"), lambda answer: answer.json["status"] == "ok")
    health.expect(200)
    assert "RateLimit-Limit" not in health.headers
    for path, service in (("/api/tasks/home", "task_svc"), ("/home/notifications/health", "notify_svc")):
        # Perhaps of another gateway, which watches for itself.
        home = await eventually(partial(visitor.get, path), lambda answer: answer.status == 200)
        assert home.json == {"service": service, "status": "ok"}
    for path in ("/health/live", "/health/ready"):
        (await visitor.get(path)).expect(200)


async def test_the_keys_that_sign_tokens_are_public(visitor: Client) -> None:
    keys = (await visitor.get("/.well-known/jwks.json")).expect(200)["keys"]
    assert keys
    assert all("d" not in key for key in keys)
