# Every RUN line below is run by scripts/docker-steps as well, in a clean folder, with the files that COPY names.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm install --no-save --no-audit --no-fund
RUN npm run build
RUN npm prune --omit=dev --no-audit --no-fund

FROM node:24-bookworm-slim
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# Inside a container the way in is the published port: who may reach it is decided there, or by LEVELDIS_REQUIREPASS.
ENV NODE_ENV=production LEVELDIS_HOST=0.0.0.0 LEVELDIS_PROTECTED_MODE=no LEVELDIS_DIR=/data
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 6377
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "dist/health-check.js"]
ENTRYPOINT ["./dist/main.js"]
