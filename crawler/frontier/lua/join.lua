-- join(args: worker, ttl_ms, epoch, max_deliveries, seeds, how "0"|"anew"|"beside"|"again", the ledger's names…)
--   -> {"anew" | "resumed" | "joined" | "ending" | "over", epoch, left}, {"occupied", epoch, ms} or {"running" | "interrupted", its seeds, left}
-- Counts the worker among the living, as one that has seeds to send. Begins a new crawl, under `epoch`, where there is none, where the
-- former one is finished, or where it is to be dropped (anew) and nobody is at it. `seeds` says what the crawl begins with. One that had
-- no request yet, as where its instances waited for seeds, is begun again too, and stays paused where it was.
-- Repeated under the same name, after a lost reply, it says the same.
-- Where the crawl `epoch` is there already it is entered, never dropped, and not begun again once it is finished: that is "over".
-- How: "anew" drops what an interrupted crawl has left; "beside" does too, but joins those at it, who are known to live; "again" enters
-- the crawl `epoch` only, which may be "over". Other answers that leave the worker outside:
--   gone: no crawl is there any more that could be entered again
--   ending: the workers of a finished crawl are about to leave it; ask again
--   occupied: a crawl that is to be dropped has workers, and the last of their leases ends in so many ms; if none renews, they are dead
--   running, interrupted: the crawl has begun with other seeds, and has workers, or none
local worker, ttl_ms, epoch, max_deliveries, seeds, anew = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5], ARGV[6] == "anew" or ARGV[6] == "beside"

local former = redis.call("HGET", CONTROL, "epoch")
if former then reclaim(ttl_ms) end
local others = redis.call("ZCARD", WORKERS)
local finished = redis.call("HEXISTS", CONTROL, "finished") == 1
local begun = (tonumber(redis.call("HGET", CONTROL, "sequence")) or 0) > 0
local told = former and redis.call("HGET", BATCHES, worker .. ":join")
if told then return { told, former, redis.call("HLEN", REQUESTS) } end
if ARGV[6] == "again" and not former then return { "gone", "", 0 } end
local is_ours = former == epoch -- as instances of a fleet name the crawl that the fleet is at
if is_ours and finished or ARGV[6] == "again" and not is_ours then return { "over", former, 0 } end
if finished and others > 0 then return { "ending", former, 0 } end
anew = anew and not is_ours
if anew and ARGV[6] == "anew" and others > 0 then
  return { "occupied", former, math.floor(redis.call("ZRANGE", WORKERS, -1, -1, "WITHSCORES")[2] - now) }
end

local is_new = not former or finished or (others == 0 and (anew or not begun))
local theirs = not is_new and redis.call("HGET", CONTROL, "seeds") or ""
if seeds ~= "" and theirs ~= "" and theirs ~= seeds then
  return { others > 0 and "running" or "interrupted", theirs, redis.call("HLEN", REQUESTS) }
end
local outcome = others > 0 and "joined" or "resumed"
if is_new then
  local paused_ms = not (begun or finished or anew) and redis.call("HGET", CONTROL, "paused_ms")
  drop_queue()
  local ledger = { CONTROL, WORKERS, DEAD }
  for index = 7, #ARGV do ledger[#ledger + 1] = crawl .. ARGV[index] end
  drop_keys(ledger)
  redis.call("HSET", CONTROL, "epoch", epoch, "sequence", 0, "done", 0, "dead", 0, "redelivered", 0, "starting", 0, "last_ms", now, "seeds", "")
  if paused_ms then redis.call("HSET", CONTROL, "paused_ms", paused_ms) end
  former, outcome = epoch, "anew"
end
if seeds ~= "" then
  redis.call("HSET", CONTROL, "seeds", seeds)
  if others == 0 then redis.call("HDEL", CONTROL, "seeds_read") end -- a file, or standard input, may hold more than it did
end
redis.call("HSET", CONTROL, "max_deliveries", max_deliveries, "ttl_ms", ttl_ms)
redis.call("ZADD", WORKERS, now + ttl_ms, worker)
if redis.call("SADD", STARTING, worker) == 1 then redis.call("HINCRBY", CONTROL, "starting", 1) end
redis.call("HSET", BATCHES, worker .. ":join", outcome)
redis.call("DEL", READY)
return { outcome, former, redis.call("HLEN", REQUESTS) }
