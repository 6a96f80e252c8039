# One image for hub, worker and beat: `mainstem serve`, `mainstem worker`, `mainstem beat`.

FROM python:3.11-slim AS house
WORKDIR /app
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY crm_core crm_core
COPY hub hub
COPY channels channels
COPY workers workers
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir -c requirements.lock .
RUN /venv/bin/mainstem openapi > openapi.json

FROM node:22-slim AS console
WORKDIR /console
COPY agents_ui/package.json agents_ui/package-lock.json agents_ui/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY agents_ui ./
COPY --from=house /app/openapi.json openapi.json
RUN npm run --silent api && npm run --silent build

FROM python:3.11-slim
RUN groupadd --system --gid 10001 mainstem \
    && useradd --system --uid 10001 --gid mainstem --home-dir /data mainstem \
    && install -d -o mainstem -g mainstem /data /plan
COPY --from=house /venv /venv
COPY --from=console /console/dist /console
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MAINSTEM_HOST=0.0.0.0 \
    MAINSTEM_PORT=8800 \
    MAINSTEM_DATA=/data \
    MAINSTEM_CONSOLE=/console
USER mainstem
WORKDIR /data
EXPOSE 8800
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8800/readyz', timeout=4)"]
CMD ["mainstem", "serve"]
