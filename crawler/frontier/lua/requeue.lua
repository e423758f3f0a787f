-- requeue(args: id…) -> ids of those that stay dead, as they cannot be read
-- Dead letters become requests again, as if they had never been handed out: in their places, with no crash to their account. A finished
-- crawl is one no more. Repeated, after a lost reply, it says the same and changes nothing.
local back, stay = 0, {}
for _, id in ipairs(ARGV) do
  local stored = redis.call("HGET", DEAD, id)
  local readable, letter = pcall(cjson.decode, stored or "")
  local payload = readable and type(letter) == "table" and type(letter.request) == "string" and letter.request or ""
  local slot, score, last = address(payload)
  if slot then
    redis.call("HSET", REQUESTS, id, payload)
    redis.call("HDEL", DEAD, id)
    redis.call("HDEL", DELIVERIES, id)
    if last then
      redis.call("ZADD", LAST, score, id)
    else
      pend(id, slot, score)
    end
    back = back + 1
  elseif stored then
    stay[#stay + 1] = id
  end
end
if back > 0 then
  redis.call("HINCRBY", CONTROL, "dead", -back)
  redis.call("HDEL", CONTROL, "finished")
  redis.call("DEL", READY)
end
return stay
