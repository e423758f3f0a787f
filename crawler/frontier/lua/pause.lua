-- pause(args: "1" to pause | "0" to go on) -> {"none" | "paused" | "resumed" | "already", requests left, in hand, workers, revisits waiting}
-- While a crawl is paused POP and GRANT hand out nothing, and it does not end; leases are renewed as ever. A finished one is none.
local control = redis.call("HMGET", CONTROL, "epoch", "finished")
if not control[1] or control[2] then return told("none") end
look_around()
if is_paused() == (ARGV[1] == "1") then return told("already") end
if ARGV[1] == "1" then
  redis.call("HSET", CONTROL, "paused_ms", later(0))
  return told("paused")
end
redis.call("HDEL", CONTROL, "paused_ms")
return told("resumed")
