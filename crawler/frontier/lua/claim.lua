-- claim(args: worker, record key…) -> {1 | 0 …}
-- 1 where the worker may write the record: it is in no feed, and no living worker is about to write it. Asked again it says the same.
local worker, answers = ARGV[1], {}
for index = 2, #ARGV do
  local record = ARGV[index]
  local owner = redis.call("HGET", CLAIMS, record)
  if redis.call("SISMEMBER", RECORDED, record) == 1 then
    answers[index - 1] = 0
  elseif owner and owner ~= worker and redis.call("ZSCORE", WORKERS, owner) then
    answers[index - 1] = 0
  else
    redis.call("HSET", CLAIMS, record, worker)
    answers[index - 1] = 1
  end
end
return answers
