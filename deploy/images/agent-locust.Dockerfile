# A task of Onrush: http and Locust.
# The parts that it copies are laid out by `make images`; with them beside it this
# builds anywhere: docker build -f agent-locust.Dockerfile dist/images/parts/amd64
FROM scratch
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="onrush-agent-locust" \
      org.opencontainers.image.description="A task of Onrush: http and Locust." \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0 AND MIT AND PSF-2.0" \
      org.opencontainers.image.vendor="Onrush" \
      dev.onrush.sbom="/usr/share/onrush/sbom"
COPY base/ /
COPY libc/ /
COPY python/ /
COPY locust/ /
COPY agent/ /
ENV PATH=/usr/bin HOME=/tmp TMPDIR=/tmp LANG=C.UTF-8 SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt ONRUSH_TOOLS=/opt/onrush/tools
USER 65532:65532
WORKDIR /tmp
VOLUME ["/tmp"]
ENTRYPOINT ["/usr/bin/onrush-agent"]
