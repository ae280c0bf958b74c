# syntax=docker/dockerfile:1
# One recipe, two images: `--target coordinator` (api, worker, signer, migration; the command says which) and `--target connector`.
# TypeScript runs as it is: there is no build step, only the database client is generated.
FROM node:24-bookworm-slim AS base
WORKDIR /app

# npm wants the package.json of every workspace; alone, so that a change of code does not install everything again.
FROM base AS manifests
COPY . .
RUN find . -type f ! -name package.json ! -name package-lock.json -delete

FROM base AS client
COPY --from=manifests /app/ ./
RUN npm ci --no-audit --no-fund
COPY scripts/generate.ts scripts/prisma.ts scripts/
COPY prisma/ prisma/
RUN node scripts/generate.ts

FROM base AS production
COPY --from=manifests /app/ ./
RUN npm ci --omit=dev --no-audit --no-fund && npm cache clean --force
COPY packages/ packages/
COPY policies/ policies/

FROM base AS runtime
ENV NODE_ENV=production
# Telemetry first in every process; it loads nothing more unless OTEL_ variables name an exporter.
ENV NODE_OPTIONS="--import @sumveil/telemetry/preload"
COPY --from=production /app/ ./
RUN mkdir -p /var/lib/sumveil/artifacts && chown -R node:node /var/lib/sumveil
USER 1000:1000

FROM runtime AS coordinator
COPY prisma/ prisma/
COPY services/coordinator/ services/coordinator/
COPY --from=client /app/services/coordinator/src/generated/ services/coordinator/src/generated/
CMD ["node", "services/coordinator/src/main-api.ts"]

FROM runtime AS connector
COPY connectors/ connectors/
CMD ["node", "connectors/runtime/src/main.ts"]
