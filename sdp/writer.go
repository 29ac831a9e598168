package sdp

import (
	"strconv"
	"strings"
)

// writer builds the text. Every value that a program or a peer can choose goes
// through text or token, so that none can end its line (RFC 8866 §9:
// byte-string leaves out NUL, CR and LF) or, for token, its field.
type writer struct {
	buf []byte
}

// raw writes text of this package's own.
func (w *writer) raw(s string) { w.buf = append(w.buf, s...) }

// text writes a value that may hold spaces.
func (w *writer) text(s string) {
	if strings.IndexByte(s, '\n') < 0 && strings.IndexByte(s, '\r') < 0 && strings.IndexByte(s, 0) < 0 {
		w.buf = append(w.buf, s...)
		return
	}
	for i := range len(s) {
		if c := s[i]; c != '\n' && c != '\r' && c != 0 {
			w.buf = append(w.buf, c)
		}
	}
}

// token writes a value that ends at the next space.
func (w *writer) token(s string) {
	for i := range len(s) {
		switch c := s[i]; c {
		case ' ', '\t', '\n', '\r', 0:
		default:
			w.buf = append(w.buf, c)
		}
	}
}

// tokens writes values with a separator before each.
func (w *writer) tokens(separator string, list []string) {
	for _, s := range list {
		w.raw(separator)
		w.token(s)
	}
}

// optional writes a space and the value, or nothing for "".
func (w *writer) optional(s string) {
	if s != "" {
		w.raw(" ")
		w.text(s)
	}
}

func (w *writer) number(n uint64) { w.buf = strconv.AppendUint(w.buf, n, 10) }

// end ends a line, as all lines do, with CRLF (RFC 8866 §5).
func (w *writer) end() { w.raw("\r\n") }

// line writes a whole line of a prefix such as "a=mid:" and a value.
func (w *writer) line(prefix, value string) {
	w.raw(prefix)
	w.text(value)
	w.end()
}

// lineUnlessEmpty is line for a value that is not "".
func (w *writer) lineUnlessEmpty(prefix, value string) {
	if value != "" {
		w.line(prefix, value)
	}
}

// flag writes an attribute without a value if it is set.
func (w *writer) flag(set bool, line string) {
	if set {
		w.raw(line)
		w.end()
	}
}

// numberLine writes a line of a prefix and a number.
func (w *writer) numberLine(prefix string, n uint64) {
	w.raw(prefix)
	w.number(n)
	w.end()
}

// address writes <nettype> <addrtype> <address> (RFC 8866 §5.7).
func (w *writer) address(address string) {
	if strings.IndexByte(address, ':') >= 0 {
		w.raw("IN IP6 ")
	} else {
		w.raw("IN IP4 ")
	}
	w.token(address)
}

func (w *writer) connection(address string) {
	w.raw("c=")
	w.address(address)
	w.end()
}

func (w *writer) bandwidths(list []Bandwidth) {
	for _, b := range list {
		w.raw("b=")
		w.token(b.Type)
		w.raw(":")
		w.number(b.Value)
		w.end()
	}
}

func (w *writer) attributes(list []Attribute) {
	for _, a := range list {
		w.raw("a=")
		w.text(a.Key)
		if a.HasValue {
			w.raw(":")
			w.text(a.Value)
		}
		w.end()
	}
}

func (w *writer) direction(d Direction) {
	if d != DirectionUnspecified {
		w.line("a=", d.String())
	}
}
