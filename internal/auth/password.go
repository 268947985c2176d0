package auth

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"

	"onrush.dev/onrush/internal/load"
)

// The cost of a password hash: the second choice of RFC 9106 with less memory
// and more passes, as OWASP advises (19 MiB, 2 passes, 1 lane). The figures
// stand in each hash, so that they can be raised later.
const (
	argonMemory  = 19 * 1024 // KiB
	argonPasses  = 2
	argonLanes   = 1
	argonSalt    = 16
	argonKey     = 32
	maxPassword  = 1000
	minPassword  = 10
	maxArgonMem  = 256 * 1024 // refuse hashes that would cost more than this to check
	maxArgonPass = 16
)

func checkPassword(password string) error {
	if n := len([]rune(password)); n < minPassword || len(password) > maxPassword {
		return load.Errorf(load.Invalid, "the password has %d characters: %d to %d are allowed", n, minPassword, maxPassword)
	}
	return nil
}

// hashPassword returns the PHC text of the password's argon2id hash.
func hashPassword(password string) string {
	salt := make([]byte, argonSalt)
	_, _ = rand.Read(salt) // never fails, by its contract
	key := argon2.IDKey([]byte(password), salt, argonPasses, argonMemory, argonLanes, argonKey)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		argonMemory, argonPasses, argonLanes, b64.EncodeToString(salt), b64.EncodeToString(key))
}

// samePassword says whether the password has this hash, in a time that does
// not depend on the answer. A hash that cannot be read equals no password.
func samePassword(hash, password string) bool {
	var version int
	var memory, passes uint32
	var lanes uint8
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false
	}
	if n, err := fmt.Sscanf(parts[2], "v=%d", &version); n != 1 || err != nil || version != argon2.Version {
		return false
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &lanes); n != 3 || err != nil {
		return false
	}
	salt, errSalt := base64.RawStdEncoding.DecodeString(parts[4])
	key, errKey := base64.RawStdEncoding.DecodeString(parts[5])
	if errSalt != nil || errKey != nil || len(key) < 16 ||
		memory > maxArgonMem || passes == 0 || passes > maxArgonPass || lanes == 0 {
		return false
	}
	found := argon2.IDKey([]byte(password), salt, passes, memory, lanes, uint32(len(key)))
	return subtle.ConstantTimeCompare(found, key) == 1
}
