package sdp

// DefaultMaxMessageSize is the largest message, in bytes, that a peer takes
// whose description has no a=max-message-size (RFC 8841 §6.1).
const DefaultMaxMessageSize = 65536

// MediaByMid returns the section with the a=mid and its index, or nil and -1.
func (s *Session) MediaByMid(mid string) (*Media, int) {
	for i, m := range s.Media {
		if m.Mid == mid && mid != "" {
			return m, i
		}
	}
	return nil, -1
}

// Bundle returns the mids of the first BUNDLE group, in its order: the first is
// the tagged one, whose section carries the transport (RFC 9143 §7.2.1). It is nil
// without such a group, and empty for a group without members.
func (s *Session) Bundle() []string {
	for _, g := range s.Groups {
		if g.Semantics == "BUNDLE" {
			if g.Mids == nil {
				return []string{}
			}
			return g.Mids
		}
	}
	return nil
}

// EffectiveTransport returns the transport attributes that hold for a section:
// its own, and the session's for those that it does not have (RFC 8839 §5.4,
// RFC 8122 §5, RFC 8842 §5.1). User fragment and password are a pair: a section
// with either has nothing from the session for the other. One fingerprint at
// media level puts all of the session's out of force. The slices are shared
// with the description.
func (s *Session) EffectiveTransport(m *Media) Transport {
	t := m.Transport
	if t.ICEUfrag == "" && t.ICEPwd == "" {
		t.ICEUfrag, t.ICEPwd = s.Transport.ICEUfrag, s.Transport.ICEPwd
	}
	if t.ICEOptions == nil {
		t.ICEOptions = s.Transport.ICEOptions
	}
	if len(t.Fingerprints) == 0 {
		t.Fingerprints = s.Transport.Fingerprints
	}
	if t.Setup == SetupUnspecified {
		t.Setup = s.Transport.Setup
	}
	if t.TLSID == "" {
		t.TLSID = s.Transport.TLSID
	}
	return t
}

// EffectiveDirection returns the direction of a section: its own, else the
// session's, else sendrecv (RFC 8866 §6.7).
func (s *Session) EffectiveDirection(m *Media) Direction {
	for _, d := range []Direction{m.Direction, s.Direction} {
		if d != DirectionUnspecified {
			return d
		}
	}
	return DirectionSendrecv
}

// EffectiveMaxMessageSize returns the a=max-message-size in bytes, which is
// DefaultMaxMessageSize without the line; 0 means any size (RFC 8841 §6.1).
func (m *Media) EffectiveMaxMessageSize() uint64 {
	if m.MaxMessageSize == nil {
		return DefaultMaxMessageSize
	}
	return *m.MaxMessageSize
}

// Attribute returns the value of the first attribute with the key among those
// that the model has no field for.
func (s *Session) Attribute(key string) (value string, ok bool) {
	return findAttribute(s.Attributes, key)
}

// Attribute returns the value of the first attribute with the key among those
// that the model has no field for.
func (m *Media) Attribute(key string) (value string, ok bool) {
	return findAttribute(m.Attributes, key)
}

func findAttribute(list []Attribute, key string) (string, bool) {
	for _, a := range list {
		if a.Key == key {
			return a.Value, true
		}
	}
	return "", false
}
