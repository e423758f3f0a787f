-- forget(args: id…) -> number of dead letters that are gone for good
-- From now on they count as done: ids are never given twice, so what there was of them is not taken back. Repeated, it changes nothing.
local gone = 0
in_chunks(ARGV, function(...) gone = gone + redis.call("HDEL", DEAD, ...) end)
if gone > 0 then
  redis.call("HINCRBY", CONTROL, "dead", -gone)
  redis.call("HINCRBY", CONTROL, "done", gone)
end
return gone
