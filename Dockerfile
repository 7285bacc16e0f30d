# One image for gateway and workers; docker-compose.yml gives each its command.
FROM python:3.11-slim AS build
WORKDIR /build
RUN python -m venv /opt/replyto
COPY requirements.lock ./
RUN /opt/replyto/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md ./
COPY codegen codegen
COPY shared shared
COPY gateway gateway
COPY workers workers
COPY cli cli
RUN /opt/replyto/bin/pip install --no-cache-dir --no-deps .

FROM python:3.11-slim
ENV PATH=/opt/replyto/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    REPLYTO_HOST=0.0.0.0 \
    REPLYTO_PORT=5006 \
    REPLYTO_DATA_DIR=/data
# The numbers are given so that the shared volume belongs to the same user in every container.
RUN groupadd --gid 10001 replyto \
    && useradd --uid 10001 --gid replyto --no-create-home replyto \
    && install -d -m 700 -o replyto -g replyto /data
COPY --from=build /opt/replyto /opt/replyto
WORKDIR /app
USER replyto
VOLUME /data
EXPOSE 5006
# The gateway's; the workers have their own in docker-compose.yml.
HEALTHCHECK --interval=10s --timeout=5s --start-period=15s --retries=3 \
    CMD ["replyto", "health", "gateway"]
CMD ["python", "-m", "gateway"]
