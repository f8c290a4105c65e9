# docker build -t wiretax .
# docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/work" wiretax run ci
#
# All dependencies come as wheels; the first stage keeps pip's downloads and the sources out of the image.
FROM python:3.13.14-slim-trixie AS build
# Extras, comma-separated: notebooks for wiretax report, redis for --redis.
ARG EXTRAS=""
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY analysis analysis
COPY notebooks notebooks
COPY scenarios scenarios
COPY wiretax wiretax
RUN python -m venv --without-pip /opt/wiretax \
    && pip --python /opt/wiretax/bin/python install --no-cache-dir --constraint constraints.txt ".${EXTRAS:+[${EXTRAS}]}"

FROM python:3.13.14-slim-trixie
COPY --from=build /opt/wiretax /opt/wiretax
# Any user may run it, so that the runs in a mounted folder belong to whoever mounts it.
ENV PATH=/opt/wiretax/bin:$PATH HOME=/tmp PYTHONUNBUFFERED=1
RUN useradd --uid 10001 --no-create-home wiretax && install --directory --owner=wiretax /work
USER 10001
WORKDIR /work
# Runs are saved in /work/results.
VOLUME /work
ENTRYPOINT ["wiretax"]
CMD ["--help"]
