package extension

// ParseText checks the data of [MID], [RID] and [RepairedRID] and returns it: an
// identifier of one or more characters of a token (RFC 9143 §15.2, RFC 8852
// §3.1). It aliases data.
func ParseText(data []byte) ([]byte, error) {
	if len(data) == 0 {
		return nil, ErrMalformed
	}
	for _, c := range data {
		if !token(c) {
			return nil, ErrMalformed
		}
	}
	return data, nil
}

// token reports whether c may stand in a token (RFC 8866 §9, token-char). The
// alphabet of stream identifiers is a part of it.
func token(c byte) bool {
	switch {
	case c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= '^' && c <= '~':
		return true
	}
	switch c {
	case '!', '#', '$', '%', '&', '\'', '*', '+', '-', '.':
		return true
	}
	return false
}
