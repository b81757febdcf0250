// Run by the image once, when there is no data yet: a user for each service, who can use that service's database alone.
const fs = require("fs");

for (const [setting, database] of [
  ["MONGO_URI_USER_SERVICE", "unified_users"],
  ["MONGO_URI_TASK_SERVICE", "unified_tasks"],
  ["MONGO_URI_NOTIFICATION_SERVICE", "unified_notifications"],
]) {
  const { username, password } = new URL(fs.readFileSync(`/run/secrets/${setting}`, "utf8").trim());
  db.getSiblingDB("admin").createUser({ user: username, pwd: password, roles: [{ role: "readWrite", db: database }] });
}
