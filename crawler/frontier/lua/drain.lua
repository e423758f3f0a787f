-- drain() -> {"none" | "drained", requests left, in hand, workers, revisits waiting}
-- Tells all that are at the crawl to end: they see that `drained_ms` is another than when they came. Who comes later goes on.
local control = redis.call("HMGET", CONTROL, "epoch", "finished")
if not control[1] or control[2] then return told("none") end
look_around()
redis.call("HSET", CONTROL, "drained_ms", later(0))
return told("drained")
