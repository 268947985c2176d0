// Package embedded runs a NATS server with JetStream in the process, so that
// nobody has to install a broker. It may not know what travels; that is package
// bus. Everything it needs to be the same server after a crash (keys,
// certificate authority, port, streams) is kept in one folder.
//
// Read server.go first, then identity.go (what is kept) and issuer.go (who may
// do what).
package embedded
