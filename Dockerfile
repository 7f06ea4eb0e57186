# One image for every process: docker run IMAGE shangyun web FILE.
FROM node:22-slim AS frontend
RUN apt-get update && apt-get install --yes --no-install-recommends python3 && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
COPY scripts/frontend scripts/frontend
RUN python3 scripts/frontend

FROM python:3.13-slim
# Pango and a Chinese font print the reports of a city.
RUN apt-get update && apt-get install --yes --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk \
  && rm -rf /var/lib/apt/lists/*
RUN useradd --system --create-home --home-dir /var/lib/shangyun shangyun
WORKDIR /build
COPY requirements/server.lock requirements/build.in ./
RUN pip install --no-cache-dir --require-hashes -r server.lock && pip install --no-cache-dir -r build.in
COPY . .
COPY --from=frontend /build/dashboards/static/vendor dashboards/static/vendor
RUN pip install --no-cache-dir --no-deps --no-build-isolation . && rm -rf /build
USER shangyun
WORKDIR /var/lib/shangyun
CMD ["shangyun", "--help"]
