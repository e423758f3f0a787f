-- unclaim(args: worker, record key) -> 1 where the worker had claimed it
-- The worker does not write the record after all: whoever asks next may.
if redis.call("HGET", CLAIMS, ARGV[2]) ~= ARGV[1] then return 0 end
return redis.call("HDEL", CLAIMS, ARGV[2])
