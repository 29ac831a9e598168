package datachannel

import "unicode/utf8"

// replacement is U+FFFD, which stands for what is not UTF-8.
const replacement = "\uFFFD"

// decodeText returns b as the UTF-8 decoder of the web does (webrtc-pc §6.2,
// receiving messages; WHATWG Encoding §4.1.1): each maximal part of a sequence
// that cannot go on becomes U+FFFD. Valid text is returned as it is.
func decodeText(b []byte) []byte {
	if utf8.Valid(b) {
		return b
	}
	out := make([]byte, 0, len(b)+len(replacement))
	for len(b) > 0 {
		if r, n := utf8.DecodeRune(b); r != utf8.RuneError || n > 1 {
			out = append(out, b[:n]...)
			b = b[n:]
			continue
		}
		out = append(out, replacement...)
		b = b[truncated(b):]
	}
	return out
}

// truncated returns the length of the longest start of b, at least 1, that is
// also the start of a valid sequence. b does not start with a valid one.
func truncated(b []byte) int {
	for n := min(len(b), utf8.UTFMax-1); n > 1; n-- {
		// FullRune is false for exactly the starts of valid sequences.
		if !utf8.FullRune(b[:n]) {
			return n
		}
	}
	return 1
}
