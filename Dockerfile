# syntax=docker/dockerfile:1
# One recipe, two images: `--target coordinator` (api, worker and signer; the command says which) and `--target connector`.
# TypeScript runs as it is: there is no build step, only the database client is generated.
FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
COPY packages/ packages/
COPY services/coordinator/package.json services/coordinator/
COPY connectors/runtime/package.json connectors/runtime/
COPY connectors/trainers/package.json connectors/trainers/
COPY examples/birdstrikes/package.json examples/birdstrikes/
COPY examples/heart-disease/package.json examples/heart-disease/
COPY tests/package.json tests/

FROM dependencies AS client
COPY scripts/generate.ts scripts/prisma.ts scripts/
COPY prisma/ prisma/
RUN npm ci --no-audit --no-fund && node scripts/generate.ts

FROM dependencies AS production
RUN npm ci --omit=dev --no-audit --no-fund && npm cache clean --force

FROM node:24-bookworm-slim AS runtime
ENV NODE_ENV=production
WORKDIR /app
COPY --from=production /app/ ./
RUN mkdir -p /var/lib/sumveil && chown node:node /var/lib/sumveil
USER 1000:1000

FROM runtime AS coordinator
COPY policies/ policies/
COPY prisma/ prisma/
COPY services/coordinator/ services/coordinator/
COPY --from=client /app/services/coordinator/src/generated/ services/coordinator/src/generated/
CMD ["node", "services/coordinator/src/main-api.ts"]

FROM runtime AS connector
COPY policies/ policies/
COPY connectors/ connectors/
CMD ["node", "connectors/runtime/src/main.ts"]
