// Forms the replica set rs0 of the three nodes, then waits for its primary. Safe to run again.
try {
  rs.status();
} catch (error) {
  if (error.codeName !== "NotYetInitialized") throw error;
  rs.initiate({
    _id: "rs0",
    members: [1, 2, 3].map((n) => ({ _id: n, host: `mongo${n}:27017` })),
  });
}
for (let tries = 0; !db.hello().isWritablePrimary && !db.hello().primary; tries += 1) {
  if (tries === 60) throw new Error("no primary after 60 s; see the logs of mongo1, mongo2, mongo3");
  sleep(1000);
}
print("replica set is ready");
