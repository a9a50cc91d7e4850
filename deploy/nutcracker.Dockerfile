# twemproxy as Debian has it. Its configuration, nutcracker.yml, is mounted.
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends nutcracker && rm -rf /var/lib/apt/lists/*
USER nobody
EXPOSE 22121
ENTRYPOINT ["nutcracker", "--conf-file", "/etc/nutcracker.yml", "--output", "/dev/stderr", "--stats-addr", "127.0.0.1"]
