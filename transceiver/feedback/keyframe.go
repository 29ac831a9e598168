package feedback

// PictureLoss is a picture loss indication (PLI, RFC 4585 §6.3.1): Sender has
// lost pictures of Media and wants a key frame.
type PictureLoss struct {
	Sender, Media uint32
}

// Append appends the packet to dst.
func (l PictureLoss) Append(dst []byte) []byte {
	start := len(dst)
	dst = open(dst, formatPictureLoss, TypePayloadFeedback)
	return closed(append32(append32(dst, l.Sender), l.Media), start)
}

// Parse reads p.
func (l *PictureLoss) Parse(p Packet) error {
	if !p.Is(KindPictureLoss) {
		return ErrKind
	}
	if len(p.Body) < feedbackHeaderSize {
		return ErrMalformed
	}
	l.Sender, l.Media = get32(p.Body), get32(p.Body[4:])
	return nil
}

// IntraRequest asks one source for a key frame.
type IntraRequest struct {
	SSRC uint32
	// Sequence goes up by one with each request to the source; the repetition
	// of a request repeats it.
	Sequence uint8
}

// FullIntra is a full intra request (FIR, RFC 5104 §4.3.1).
type FullIntra struct {
	Sender   uint32
	Requests []IntraRequest
}

const intraRequestSize = 8

// Append appends the packet to dst, nothing without requests.
func (f *FullIntra) Append(dst []byte) []byte {
	if len(f.Requests) == 0 {
		return dst
	}
	start := len(dst)
	dst = open(dst, formatFullIntra, TypePayloadFeedback)
	// RFC 5104 §4.3.1.2: "the 'SSRC of media source' is not used and SHALL be
	// set to 0".
	dst = append32(append32(dst, f.Sender), 0)
	for _, r := range f.Requests {
		dst = append32(dst, r.SSRC)
		dst = append(dst, r.Sequence, 0, 0, 0)
	}
	return closed(dst, start)
}

// Parse reads p.
func (f *FullIntra) Parse(p Packet) error {
	if !p.Is(KindFullIntra) {
		return ErrKind
	}
	b := p.Body
	if len(b) < feedbackHeaderSize+intraRequestSize || (len(b)-feedbackHeaderSize)%intraRequestSize != 0 {
		return ErrMalformed
	}
	f.Sender, f.Requests = get32(b), f.Requests[:0]
	for b = b[feedbackHeaderSize:]; len(b) > 0; b = b[intraRequestSize:] {
		f.Requests = append(f.Requests, IntraRequest{SSRC: get32(b), Sequence: b[4]})
	}
	return nil
}
