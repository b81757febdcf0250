// Well is the primary of the replica set, which is made at the first time of asking: transactions need one.
const fs = require("fs");

db.getSiblingDB("admin").auth("root", fs.readFileSync("/run/secrets/mongodb-root-password", "utf8").trim());
try {
  rs.status();
} catch (error) {
  if (error.codeName !== "NotYetInitialized") throw error;
  rs.initiate({ _id: "rs0", members: [{ _id: 0, host: "mongodb:27017" }] });
}
if (!db.hello().isWritablePrimary) quit(1);
