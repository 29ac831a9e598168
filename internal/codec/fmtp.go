package codec

import (
	"slices"
	"strconv"
	"strings"
)

// A Parameter is one of a format's parameters. Those of formats that do not use
// the form name=value, such as "0-15", are names without a value.
type Parameter struct {
	Name, Value string
}

// Fmtp are the parameters of a format, in the order in which they are written.
type Fmtp []Parameter

// ParseFmtp reads the value of an a=fmtp line. Any text has a reading: what is
// not name=value is a name, and what has no name is nothing.
func ParseFmtp(s string) Fmtp {
	var f Fmtp
	for item := range strings.SplitSeq(s, ";") {
		name, value, _ := strings.Cut(item, "=")
		if name = strings.TrimSpace(name); name != "" {
			f = append(f, Parameter{Name: name, Value: strings.TrimSpace(value)})
		}
	}
	return f
}

// String writes the parameters as browsers do: "minptime=10;useinbandfec=1".
func (f Fmtp) String() string {
	var b strings.Builder
	for i, p := range f {
		if i > 0 {
			b.WriteByte(';')
		}
		b.WriteString(p.Name)
		if p.Value != "" {
			b.WriteByte('=')
			b.WriteString(p.Value)
		}
	}
	return b.String()
}

func (f Fmtp) index(name string) int {
	return slices.IndexFunc(f, func(p Parameter) bool { return strings.EqualFold(p.Name, name) })
}

// Get returns the value of the named parameter, the first if there are several.
// Case does not count (RFC 4855 §3).
func (f Fmtp) Get(name string) (string, bool) {
	if i := f.index(name); i >= 0 {
		return f[i].Value, true
	}
	return "", false
}

// With returns the parameters with the named one set, in its place, or at the
// end if there was none.
func (f Fmtp) With(name, value string) Fmtp {
	out := slices.Clone(f)
	if i := out.index(name); i >= 0 {
		out[i].Value = value
		return out
	}
	return append(out, Parameter{name, value})
}

// Without returns the parameters but those with the given name.
func (f Fmtp) Without(name string) Fmtp {
	return slices.DeleteFunc(slices.Clone(f), func(p Parameter) bool { return strings.EqualFold(p.Name, name) })
}

// number returns the value of the named parameter as a number. A parameter that
// is missing, or is no number, has the value that the format gives a missing
// one.
func (f Fmtp) number(name string, missing int) int {
	value, ok := f.Get(name)
	if !ok {
		return missing
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		return missing
	}
	return n
}

// equal reports whether both have the same parameters in any order.
func (f Fmtp) equal(g Fmtp) bool { return f.within(g) && g.within(f) }

// within reports whether g has every parameter of f with the same value.
func (f Fmtp) within(g Fmtp) bool {
	for _, p := range f {
		if v, ok := g.Get(p.Name); !ok || !strings.EqualFold(v, p.Value) {
			return false
		}
	}
	return true
}
