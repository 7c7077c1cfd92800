# The image of a program whose output leaves it without secrets. Two lines are blackbar's:
# COPY --from and ENTRYPOINT.
#
#   docker build -f deploy/docker/Dockerfile -t blackbar:0.1.0 .
#   docker build -f app.Dockerfile -t my-app:1.0.0 .
FROM node:22-slim
WORKDIR /app
COPY . .
COPY --from=blackbar:0.1.0 /blackbar /usr/local/bin/blackbar
# `node`, by number, so that Kubernetes can see that it is not root.
USER 1000:1000
# blackbar is process 1: it passes signals on, reaps orphans, and ends with the program's own
# exit code. Options stand before the two dashes, or in BLACKBAR_* variables.
ENTRYPOINT ["/usr/local/bin/blackbar", "run", "--"]
CMD ["node", "server.js"]
