# castlist for a home server; docs/api.md says how to start it. The versions are those of constraints.txt.
FROM python:3.13-slim
WORKDIR /castlist
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
RUN pip install --no-cache-dir --constraint constraints.txt ".[serve]" && useradd --create-home castlist \
    && mkdir -p /data/runs /data/archives && chown -R castlist /data
USER castlist
WORKDIR /data
ENV XDG_CACHE_HOME=/tmp/cache MPLCONFIGDIR=/tmp/matplotlib
VOLUME ["/data/runs", "/data/archives"]
EXPOSE 8765
ENTRYPOINT ["castlist", "serve", "--no-browser"]
