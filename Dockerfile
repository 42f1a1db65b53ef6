# The bot in a slim image: no build tools, no root, one writable directory for the database and one for each key. Nobody sits
# at a terminal here: say KEY_SOURCE=passphrase and KEY_PASSPHRASE_FILE=/run/secrets/... where the host keeps such secrets.
FROM python:3.11-slim

RUN useradd --create-home --uid 10001 bot \
 && install -d -o bot -g bot -m 700 /var/lib/bot /var/lib/bot-key /var/lib/bot-seed-key

WORKDIR /srv/bot
COPY requirements.txt ./
RUN python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt
COPY bot ./bot
COPY handlers ./handlers
COPY storage ./storage
# Nothing is compiled when the bot runs, so it is here; else every start would compile the whole bot.
RUN python -m compileall -q bot handlers storage

USER bot
ENV DATABASE=/var/lib/bot/bot.db \
    KEY_SOURCE=file \
    KEY_FILE=/var/lib/bot-key/wrapping.key \
    SEED_KEY_FILE=/var/lib/bot-seed-key/seed.key \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
VOLUME ["/var/lib/bot", "/var/lib/bot-key", "/var/lib/bot-seed-key"]

# The heartbeat is written by the running bot; a stale one means that its loop stands still.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["python", "-m", "bot", "health"]
CMD ["python", "-m", "bot", "run"]
