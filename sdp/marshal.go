package sdp

import "cmp"

// Marshal writes the description, in the order of RFC 8866 §5 and, for
// attributes, that of RFC 9429 §5.2.1. It cannot fail: line ends and NUL inside
// a value are left out, spaces too where the value is one word, an empty name
// becomes "-", an empty address that of Origin or Media. A Malformed section
// keeps the lines that did not parse.
func (s *Session) Marshal() string {
	w := &writer{buf: make([]byte, 0, s.sizeHint())}
	w.session(s)
	for _, m := range s.Media {
		w.media(m, s.Connection == "")
	}
	return string(w.buf)
}

// sizeHint guesses the text's length, so that the buffer seldom grows.
func (s *Session) sizeHint() int {
	n := 256 + 48*len(s.Attributes)
	for _, m := range s.Media {
		n += 512 + 32*(len(m.RTPMaps)+len(m.RTCPFBs)) + 96*len(m.Candidates) + 64*len(m.SSRCs) +
			48*(len(m.FMTPs)+len(m.Attributes)) + 80*len(m.Extmaps)
	}
	return n
}

// session writes what stands before the first section (RFC 9429 §5.2.1).
func (w *writer) session(s *Session) {
	w.raw("v=0\r\no=")
	w.token(cmp.Or(s.Origin.Username, "-"))
	w.raw(" ")
	w.number(s.Origin.SessionID)
	w.raw(" ")
	w.number(s.Origin.SessionVersion)
	w.raw(" ")
	w.address(cmp.Or(s.Origin.Address, "127.0.0.1"))
	w.end()
	w.line("s=", cmp.Or(s.Name, "-"))
	if s.Connection != "" {
		w.connection(s.Connection)
	}
	w.bandwidths(s.Bandwidths)
	w.raw("t=0 0\r\n")
	for _, g := range s.Groups {
		w.raw("a=group:")
		w.token(g.Semantics)
		w.tokens(" ", g.Mids)
		w.end()
	}
	w.flag(s.ExtmapAllowMixed, "a=extmap-allow-mixed")
	w.flag(s.Cryptex, "a=cryptex")
	for _, v := range s.MsidSemantic {
		w.line("a=msid-semantic:", v)
	}
	w.flag(s.ICELite, "a=ice-lite")
	w.extmaps(s.Extmaps)
	w.transport(&s.Transport)
	w.lineUnlessEmpty("a=identity:", s.Identity)
	w.direction(s.Direction)
	w.flag(s.EndOfCandidates, "a=end-of-candidates")
	w.attributes(s.Attributes)
}

// media writes a section (RFC 9429 §5.2.1).
func (w *writer) media(m *Media, wantConnection bool) {
	w.mediaLine(m)
	w.lineUnlessEmpty("i=", m.Title)
	switch {
	case m.Connection != "":
		w.connection(m.Connection)
	case wantConnection:
		w.connection("0.0.0.0")
	}
	if m.Malformed != nil {
		for _, l := range m.unread {
			w.line("", l)
		}
	}
	w.bandwidths(m.Bandwidths)
	w.flag(m.BundleOnly, "a=bundle-only")
	if m.Mid != "" {
		w.raw("a=mid:")
		w.token(m.Mid)
		w.end()
	}
	w.direction(m.Direction)
	w.codecs(m)
	w.flag(m.ExtmapAllowMixed, "a=extmap-allow-mixed")
	w.extmaps(m.Extmaps)
	w.streams(m)
	w.transport(&m.Transport)
	w.lineUnlessEmpty("a=rtcp:", m.RTCP)
	w.flag(m.RTCPMux, "a=rtcp-mux")
	w.flag(m.RTCPMuxOnly, "a=rtcp-mux-only")
	w.flag(m.RTCPRsize, "a=rtcp-rsize")
	w.flag(m.Cryptex, "a=cryptex")
	w.sctp(m)
	w.attributes(m.Attributes)
	for _, c := range m.Candidates {
		w.lineUnlessEmpty("a=candidate:", c)
	}
	w.flag(m.EndOfCandidates, "a=end-of-candidates")
}

// mediaLine writes m= (RFC 8866 §5.14).
func (w *writer) mediaLine(m *Media) {
	if m.Malformed != nil && m.unreadLine != "" {
		w.line("", m.unreadLine)
		return
	}
	w.raw("m=")
	w.token(cmp.Or(m.Kind, "application"))
	w.raw(" ")
	w.number(uint64(m.Port))
	if m.PortCount > 0 {
		w.raw("/")
		w.number(uint64(m.PortCount))
	}
	w.raw(" ")
	w.token(cmp.Or(m.Proto, "UDP/DTLS/SCTP"))
	if len(m.Formats) == 0 {
		w.raw(" 0") // The grammar wants one; browsers write this.
	}
	w.tokens(" ", m.Formats)
	w.end()
}

// transport writes the attributes of ICE and DTLS.
func (w *writer) transport(t *Transport) {
	if t.ICEUfrag != "" {
		w.raw("a=ice-ufrag:")
		w.token(t.ICEUfrag)
		w.end()
	}
	if t.ICEPwd != "" {
		w.raw("a=ice-pwd:")
		w.token(t.ICEPwd)
		w.end()
	}
	for i, o := range t.ICEOptions {
		if i == 0 {
			w.raw("a=ice-options:")
		} else {
			w.raw(" ")
		}
		w.token(o)
		if i == len(t.ICEOptions)-1 {
			w.end()
		}
	}
	for _, f := range t.Fingerprints {
		w.raw("a=fingerprint:")
		w.token(f.Algorithm)
		w.raw(" ")
		w.token(f.Value)
		w.end()
	}
	if t.Setup != SetupUnspecified {
		w.line("a=setup:", t.Setup.String())
	}
	w.lineUnlessEmpty("a=tls-id:", t.TLSID)
}

// sctp writes the attributes of a data section (RFC 8841 §5, §6).
func (w *writer) sctp(m *Media) {
	if m.SCTPPort != 0 {
		w.numberLine("a=sctp-port:", uint64(m.SCTPPort))
	}
	if m.MaxMessageSize != nil {
		w.numberLine("a=max-message-size:", *m.MaxMessageSize)
	}
	w.lineUnlessEmpty("a=sctp-init:", m.SCTPInit)
}
