# Onrush's server, console and command line.
# The parts that it copies are laid out by `make images`; with them beside it this
# builds anywhere: docker build -f server.Dockerfile dist/images/parts/amd64
FROM scratch
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="onrush-server" \
      org.opencontainers.image.description="Onrush's server, console and command line." \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.vendor="Onrush" \
      dev.onrush.sbom="/usr/share/onrush/sbom"
COPY base/ /
COPY agent/ /
COPY server/ /
COPY --chown=65532:65532 data/ /
ENV PATH=/usr/bin HOME=/tmp TMPDIR=/tmp LANG=C.UTF-8 SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt ONRUSH_TOOLS=/opt/onrush/tools \
    ONRUSH_DATA=/data ONRUSH_LISTEN=0.0.0.0:8080
USER 65532:65532
WORKDIR /tmp
VOLUME ["/data", "/tmp"]
EXPOSE 8080
ENTRYPOINT ["/usr/bin/onrush"]
CMD ["serve"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["/usr/bin/onrush", "health"]
