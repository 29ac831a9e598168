package sdp

import "strings"

// Parse reads a session description. It is liberal, as the package comment
// says: what it cannot use is kept as text, or makes one section Malformed. The
// error, if there is one, is a *SyntaxError.
//
// The strings of the result are parts of text and keep it in memory.
func Parse(text string) (*Session, error) {
	if len(text) > MaxSize {
		return nil, tooLarge(1, "more than 8 MiB of text")
	}
	p := parser{session: &Session{}}
	for rest, more := text, true; more; {
		var line string
		line, rest, more = strings.Cut(rest, "\n")
		if p.number++; p.number > MaxLines {
			return nil, tooLarge(p.number, "more than 262144 lines")
		}
		p.text = trimEnd(line)
		if p.text == "" {
			continue
		}
		if err := p.readLine(); err != nil {
			return nil, err
		}
	}
	if err := p.finish(); err != nil {
		return nil, err
	}
	return p.session, nil
}

// parser is the state of one Parse.
type parser struct {
	session *Session
	// media is the section being read, nil while at session level.
	media *Media
	// mids are those of all sections so far.
	mids map[string]struct{}

	number int    // of the line, from 1
	text   string // of the line, without its end and trailing spaces

	hasVersion, hasOrigin bool
}

// trimEnd cuts what may follow a line's text: carriage returns, and the spaces
// that some peers and many copies through editors leave.
func trimEnd(line string) string {
	for line != "" {
		switch line[len(line)-1] {
		case '\r', ' ', '\t':
			line = line[:len(line)-1]
		default:
			return line
		}
	}
	return line
}

// fail returns the error that the current line makes the whole description
// unusable.
func (p *parser) fail(reason string) error {
	return newSyntaxError(p.number, p.text, reason)
}

// broken records that the current line makes its section unusable. At session
// level, which has nothing to fall back on, it fails the description.
func (p *parser) broken(reason string) error {
	if p.media == nil {
		return p.fail(reason)
	}
	if p.media.Malformed == nil {
		p.media.Malformed = newSyntaxError(p.number, p.text, reason)
	}
	return nil
}

// readLine takes one line that is not blank. RFC 8866 §5: every line is
// <type>=<value>, and a description with a type letter that is not known is to
// be ignored as a whole.
func (p *parser) readLine() error {
	line := p.text
	if strings.IndexByte(line, 0) >= 0 || strings.IndexByte(line, '\r') >= 0 {
		return p.fail("NUL or carriage return inside a line")
	}
	if len(line) < 2 || line[1] != '=' {
		return p.fail("not of the form <type>=<value>")
	}
	kind, value := line[0], line[2:]
	if !p.hasVersion && kind != 'v' {
		return p.fail("a description begins with v=0")
	}
	if kind == 'a' {
		return p.readAttribute(value)
	}
	if kind == 'm' {
		return p.readMedia(value)
	}
	if p.media != nil {
		return p.readMediaLine(kind, value)
	}
	return p.readSessionLine(kind, value)
}

// readSessionLine takes a line before the first m= that is not an attribute.
func (p *parser) readSessionLine(kind byte, value string) error {
	s := p.session
	switch kind {
	case 'v':
		if value != "0" || p.hasVersion {
			return p.fail("the version is 0, once") // RFC 8866 §5.1
		}
		p.hasVersion = true
	case 'o':
		origin, ok := parseOrigin(value)
		if !ok || p.hasOrigin {
			return p.fail("want one o=<username> <id> <version> IN IP4|IP6 <address>")
		}
		s.Origin, p.hasOrigin = origin, true
	case 's':
		s.Name = value
	case 'c':
		address, ok := parseConnection(value)
		if !ok {
			return p.fail("want c=IN IP4|IP6 <address>")
		}
		if s.Connection == "" {
			s.Connection = address
		}
	case 'b':
		if b, ok := parseBandwidth(value); ok {
			s.Bandwidths = append(s.Bandwidths, b)
		}
	case 't', 'i', 'u', 'e', 'p', 'r', 'z', 'k':
		// RFC 9429 §5.8.1: not used.
	default:
		return p.fail("unknown type of line")
	}
	return nil
}

// readMediaLine takes a line after an m= that is not an attribute.
func (p *parser) readMediaLine(kind byte, value string) error {
	m := p.media
	switch kind {
	case 'i':
		m.Title = value
	case 'c':
		address, ok := parseConnection(value)
		if !ok {
			m.unread = append(m.unread, p.text)
			return p.broken("want c=IN IP4|IP6 <address>")
		}
		if m.Connection == "" {
			m.Connection = address
		}
	case 'b':
		if b, ok := parseBandwidth(value); ok {
			m.Bandwidths = append(m.Bandwidths, b)
		}
	case 'k', 's', 't', 'u', 'e', 'p', 'r', 'z':
		// Of no use here; peers that put them after an m= line lose nothing.
	default:
		return p.fail("unknown type of line, or one that belongs before the first m=")
	}
	return nil
}

// readMedia begins a section. RFC 8866 §5.14:
// m=<media> <port>[/<number of ports>] <proto> <fmt> …
func (p *parser) readMedia(value string) error {
	if len(p.session.Media) == MaxMedia {
		return tooLarge(p.number, "more than 4096 m= sections")
	}
	m := &Media{}
	p.media = m
	p.session.Media = append(p.session.Media, m)
	if reason := m.parseLine(value); reason != "" {
		m.unreadLine = p.text
		return p.broken(reason)
	}
	return nil
}

// readAttribute takes an a= line: its typed field, or Attributes.
func (p *parser) readAttribute(value string) error {
	var a Attribute
	a.Key, a.Value, a.HasValue = strings.Cut(value, ":")
	var o outcome
	if p.media != nil {
		o = p.mediaAttribute(a)
	} else {
		o = p.sessionAttribute(a)
	}
	if o.taken {
		return nil
	}
	if o.fatal {
		return p.fail(o.reason)
	}
	if p.media != nil {
		p.media.Attributes = append(p.media.Attributes, a)
	} else {
		p.session.Attributes = append(p.session.Attributes, a)
	}
	if o.reason != "" {
		return p.broken(o.reason)
	}
	return nil
}

// finish checks what only the end shows.
func (p *parser) finish() error {
	p.text = ""
	if !p.hasVersion {
		return p.fail("an empty description")
	}
	if !p.hasOrigin {
		return p.fail("no o= line") // RFC 8866 §5.2
	}
	return nil
}
