# newsbot as a container: config, database and converted model in one volume, /data.
#
#   docker build -t newsbot .
#   docker build -t newsbot:gpu --target gpu .
#   docker run --rm -it -v newsbot:/data newsbot newsbot init
#   docker run -d --name newsbot -v newsbot:/data -e TELEGRAM_BOT_TOKEN newsbot
#
# BASE is any Debian with Python 3.11; `packaging/debian-base` makes one where no image
# registry is reached. A pip.conf with settings for pip, such as a mirror, is taken as a
# secret and stays out of the image: --secret id=pip,src=pip.conf
ARG BASE=python:3.11-slim

# What builds: tools of packaging/build.lock, by hash. None of them is in an image.
FROM ${BASE} AS tools
WORKDIR /source
COPY packaging/build.lock ./
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    python3 -m venv /opt/tools \
    && /opt/tools/bin/pip install --no-cache-dir --require-hashes -r build.lock

FROM tools AS newsbot
COPY pyproject.toml config.example.toml README.md LICENSE NOTICE ./
COPY prompts prompts
COPY newsbot newsbot
RUN /opt/tools/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation -w /own .

# What every image of newsbot is: a user without rights, one volume, no compiler.
FROM ${BASE} AS runtime
RUN useradd --uid 10001 --gid 0 --no-create-home --home-dir /data newsbot \
    && install -d -o 10001 -g 0 -m 0770 /data
# The config is /data/config.toml; database and models lie beside it.
ENV PATH=/opt/newsbot/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/data \
    HF_HOME=/data/cache/huggingface \
    NEWSBOT_CACHE=/data/cache \
    NEWSBOT_CONFIG=/data/config.toml \
    XDG_DATA_HOME=/data
WORKDIR /data
USER 10001
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=1m --timeout=20s --start-period=5m \
    CMD ["newsbot", "health", "--service"]
CMD ["newsbot", "run"]

FROM tools AS cpu-packages
# PyTorch's own index has the build without CUDA, a tenth of the size.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
COPY requirements.lock ./
# What is there as source alone is built with the tools above, and with nothing else.
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    /opt/tools/bin/pip wheel --no-cache-dir --require-hashes --no-deps \
        --no-build-isolation --extra-index-url "${TORCH_INDEX}" \
        -r requirements.lock -w /wheels
COPY --from=newsbot /own /own
RUN python3 -m venv /opt/newsbot \
    && /opt/newsbot/bin/pip install --no-cache-dir --no-deps --no-index \
        /wheels/*.whl /own/*.whl

FROM runtime AS cpu
COPY --from=cpu-packages /opt/newsbot /opt/newsbot

# With CUDA, for the presets gpu-*. Linted; it has not been built or run.
FROM tools AS gpu-packages
COPY requirements-gpu.lock ./
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    /opt/tools/bin/pip wheel --no-cache-dir --require-hashes --no-deps \
        --no-build-isolation -r requirements-gpu.lock -w /wheels
COPY --from=newsbot /own /own
RUN python3 -m venv /opt/newsbot \
    && /opt/newsbot/bin/pip install --no-cache-dir --no-deps --no-index \
        /wheels/*.whl /own/*.whl

FROM runtime AS gpu
ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY --from=gpu-packages /opt/newsbot /opt/newsbot

# The last stage is what is built where no target is named.
FROM cpu
