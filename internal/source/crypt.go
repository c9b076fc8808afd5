package source

import (
	"crypto/rand"
	"crypto/sha512"
	"crypto/subtle"
	"strings"
)

// cryptAlphabet is the one of crypt(3).
const cryptAlphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// newHash is what stands for a password in /etc/shadow: SHA-512-crypt, which musl, dropbear, rpcd and uhttpd know.
func newHash(password string) string {
	salt := make([]byte, 16)
	rand.Read(salt)
	for i, b := range salt {
		salt[i] = cryptAlphabet[b&63]
	}
	return sha512Crypt(password, string(salt))
}

// hashFits reports whether hash is one of newHash for this password.
func hashFits(hash, password string) bool {
	salt, ok := strings.CutPrefix(hash, "$6$")
	salt, _, ok2 := strings.Cut(salt, "$")
	return ok && ok2 && len(salt) <= 16 && subtle.ConstantTimeCompare([]byte(sha512Crypt(password, salt)), []byte(hash)) == 1
}

// sha512Crypt is Drepper's algorithm with its 5000 rounds. The salt has at most 16 characters.
func sha512Crypt(password, salt string) string {
	pw, s := []byte(password), []byte(salt)
	h := sha512.New()
	sum := func(parts ...[]byte) []byte {
		h.Reset()
		for _, p := range parts {
			h.Write(p)
		}
		return h.Sum(nil)
	}
	b := sum(pw, s, pw)
	parts := [][]byte{pw, s, stretch(b, len(pw))}
	for n := len(pw); n > 0; n >>= 1 {
		if n&1 != 0 {
			parts = append(parts, b)
		} else {
			parts = append(parts, pw)
		}
	}
	a := sum(parts...)
	parts = parts[:0]
	for range pw {
		parts = append(parts, pw)
	}
	p := stretch(sum(parts...), len(pw))
	parts = parts[:0]
	for range 16 + int(a[0]) {
		parts = append(parts, s)
	}
	s = stretch(sum(parts...), len(s))
	for i := range 5000 {
		first, last := a, p
		if i&1 != 0 {
			first, last = p, a
		}
		parts = append(parts[:0], first)
		if i%3 != 0 {
			parts = append(parts, s)
		}
		if i%7 != 0 {
			parts = append(parts, p)
		}
		a = sum(append(parts, last)...)
	}
	out := []byte("$6$" + salt + "$")
	for i, x := 0, 0; i < 21; i++ {
		y, z := (x+21)%63, (x+42)%63
		out = crypt24(out, a[x], a[y], a[z], 4)
		x = (x + 22) % 63
	}
	return string(crypt24(out, 0, 0, a[63], 2))
}

// crypt24 appends n characters for three octets, the last six bits first.
func crypt24(out []byte, x, y, z byte, n int) []byte {
	for w := int(x)<<16 | int(y)<<8 | int(z); n > 0; n-- {
		out = append(out, cryptAlphabet[w&63])
		w >>= 6
	}
	return out
}

// stretch repeats b until there are n octets.
func stretch(b []byte, n int) []byte {
	out := make([]byte, n)
	for i := 0; i < n; {
		i += copy(out[i:], b)
	}
	return out
}
