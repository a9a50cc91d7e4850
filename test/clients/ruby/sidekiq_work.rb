# Debian's ruby-sidekiq: a process that works while this one enqueues, schedules, retries; prints what became of it as JSON.
# ruby sidekiq_work.rb JOBS, with REDIS_URL set
require "json"
require "sidekiq/api"
require_relative "sidekiq_jobs"

JOBS = Integer(ARGV.fetch(0))
SCHEDULED = 50
FLAKY = 20
HOPELESS = 5
TIMEOUT_S = 60

def wait_until(what)
  deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + TIMEOUT_S
  until yield
    abort "waited too long: #{what}" if Process.clock_gettime(Process::CLOCK_MONOTONIC) > deadline
    sleep 0.02
  end
end

jobs = File.expand_path("sidekiq_jobs.rb", __dir__)
worker = spawn("sidekiq", "--require", jobs, "--concurrency", "10", "--queue", "critical,2", "--queue", "default")
begin
  JOBS.times.each_slice(1000) { |numbers| Add.perform_bulk(numbers.map { |number| [number] }) }
  SCHEDULED.times do |number|
    due = Time.now.to_f + 0.2 + (number % 10) * 0.05
    Later.perform_at(due, number, due)
  end
  FLAKY.times { |number| Flaky.perform_async(number) }
  HOPELESS.times { |number| Hopeless.perform_async(number) }
  far = Add.perform_in(3600, 1_000_000)

  retries = Sidekiq::RetrySet.new
  wait_until("the flaky ones have failed") { retries.size == FLAKY }
  waiting = retries.map { |job| [job.klass, job["error_message"], job["retry_count"]] }.uniq
  # Sidekiq waits 15 seconds and more.
  retries.each { |job| job.reschedule(Time.now.to_f) }

  scheduled = Sidekiq::ScheduledSet.new
  redis = ->(&block) { Sidekiq.redis(&block) }
  wait_until("all are done") do
    redis.call do |r|
      r.hlen("runs") == JOBS && r.scard("in time") + r.scard("early") == SCHEDULED &&
        r.hvals("tries").count("2") == FLAKY && Sidekiq::DeadSet.new.size == HOPELESS
    end
  end
  found = scheduled.find_job(far)
  wait_until("the process has told of itself") { Sidekiq::ProcessSet.new.size == 1 }
  process = Sidekiq::ProcessSet.new.first
  queues = process["queues"].uniq.sort
  # A message that it reads with its next heartbeat, within five seconds.
  process.stop!
  _, status = Process.wait2(worker)
  worker = nil

  stats = Sidekiq::Stats.new
  puts JSON.generate(
    sum: redis.call { |r| r.get("sum") },
    runs: redis.call { |r| r.hvals("runs").tally },
    in_time: redis.call { |r| r.scard("in time") },
    early: redis.call { |r| r.scard("early") },
    waiting: waiting,
    dead: Sidekiq::DeadSet.new.map { |job| job["error_message"] }.sort,
    far: found&.args,
    queues: queues,
    processed: stats.processed,
    failed: stats.failed,
    enqueued: stats.enqueued,
    scheduled: stats.scheduled_size,
    retries: stats.retry_size,
    exit: status.exitstatus
  )
ensure
  if worker
    Process.kill("KILL", worker)
    Process.wait(worker)
  end
end
