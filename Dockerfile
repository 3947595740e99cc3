# Three stages: Node builds the front end; `web` serves it and needs no torch; `train`, the last and
# so the one that `docker build .` makes, also runs jobs.
FROM node:20-slim AS frontend
WORKDIR /src/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN npm install --no-save --no-audit --no-fund
COPY frontend/ ./
RUN npm run build

FROM python:3.11-slim AS web
ENV PYTHONUNBUFFERED=1 WHETSTONE_STORAGE=/data
WORKDIR /srv/whetstone
COPY pyproject.toml constraints.txt README.md ./
COPY annotation/ annotation/
COPY training/ training/
COPY manage.py ./
RUN pip install --no-cache-dir -c constraints.txt -e .
COPY --from=frontend /src/frontend/dist frontend/dist
RUN useradd --create-home whetstone && mkdir /data && chown whetstone /data
USER whetstone
VOLUME /data
EXPOSE 8000
CMD ["sh", "-c", "python manage.py migrate && exec python manage.py serve --host 0.0.0.0 --no-worker"]

FROM web AS train
USER root
# torch first: the constraints pin its build, an open range would pull several gigabytes.
RUN pip install --no-cache-dir -c constraints.txt torch \
    && pip install --no-cache-dir -c constraints.txt -e '.[train,ray]'
USER whetstone
CMD ["sh", "-c", "python manage.py migrate && exec python manage.py serve --host 0.0.0.0"]
