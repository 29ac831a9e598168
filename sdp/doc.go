// Package sdp reads and writes the session descriptions that WebRTC endpoints
// exchange: RFC 8866 text with the attributes of JSEP (RFC 9429 §5), as a typed
// model.
//
//	session, err := sdp.Parse(text)
//	if err != nil {
//		var syntax *sdp.SyntaxError // with the line that is at fault
//		errors.As(err, &syntax)
//		return err
//	}
//	for _, media := range session.Media {
//		transport := session.EffectiveTransport(media)
//		…
//	}
//	text = session.Marshal()
//
// The reader is liberal and the writer is strict. Parse takes line feeds without
// carriage returns, a last line without its end, blank lines, trailing spaces,
// lines out of order, missing s= and t= lines, and keeps every attribute,
// protocol and kind of media that it does not know. A media section that cannot
// be used is marked as such (Media.Malformed), so that JSEP can reject that
// section and keep the others (RFC 9429 §5.3.1). An attribute that does not parse
// is kept as text in Attributes. Marshal writes CRLF and the order of RFC 8866 §5,
// and no value can make it write a line more: line ends and NUL inside values
// are left out.
//
// Parse reads what JSEP has a use for. The lines i=, u=, e=, p=, t=, r=, z= and
// k= at session level, k= in a section, and a second c= line are read and
// dropped, as RFC 9429 §5.8.1 lets it.
//
// The package keeps no state and starts no goroutine. It is importable, but only
// the root package promises compatibility.
package sdp
