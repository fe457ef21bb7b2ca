# newsbot as a container: config, database and converted model in one volume, /data.
#
#   docker build -t newsbot .
#   docker run --rm -it -v newsbot:/data newsbot newsbot init
#   docker run -d --name newsbot -v newsbot:/data -e TELEGRAM_BOT_TOKEN newsbot
#
# This file is linted with hadolint, but no image has been built from it yet.

FROM python:3.11-slim AS build
WORKDIR /source
# A virtual environment can be copied whole into the second stage.
RUN python -m venv /opt/newsbot
ENV PATH=/opt/newsbot/bin:$PATH
COPY pyproject.toml constraints.txt config.example.toml README.md LICENSE NOTICE ./
COPY prompts prompts
COPY newsbot newsbot
# PyTorch's own index has the build without CUDA, a tenth of the size.
RUN pip install --no-cache-dir -c constraints.txt \
    --extra-index-url https://download.pytorch.org/whl/cpu ".[embedded]"

FROM python:3.11-slim
RUN useradd --uid 10001 --no-create-home --home-dir /data newsbot \
    && install -d -o newsbot -g newsbot /data
COPY --from=build /opt/newsbot /opt/newsbot
# The config is /data/config.toml; the database lies beside it.
ENV PATH=/opt/newsbot/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    NEWSBOT_CACHE=/data/cache \
    XDG_DATA_HOME=/data
WORKDIR /data
USER 10001
VOLUME /data
CMD ["newsbot", "run"]
