package srtptransport

// An aeadOpener is the other direction of an aeadSealer.
type aeadOpener struct{ aeadSealer }

func newAEADOpener(k masterKey) (*aeadOpener, error) {
	a, err := newAEADSealer(k)
	if err != nil {
		return nil, err
	}
	return &aeadOpener{*a}, nil
}

// takes reports whether open can open a packet with the header h: not one whose
// header extensions are encrypted as well (RFC 9335).
func (a *aeadOpener) takes(h rtpHead) bool {
	return a != nil && (!h.extension || h.profile != cryptexOneByte && h.profile != cryptexTwoByte)
}

// open checks and decrypts the packet b with the header h in place. The error is
// ErrMalformed or ErrAuthentication.
func (a *aeadOpener) open(b []byte, h rtpHead, index uint64) ([]byte, error) {
	if len(b) < h.size+a.aead.Overhead() {
		return nil, ErrMalformed
	}
	a.begin(h.ssrc, index)
	// RFC 7714 §8.2: the associated data is the header.
	payload, err := a.aead.Open(b[h.size:h.size], a.nonce[:], b[h.size:], b[:h.size])
	if err != nil {
		return nil, ErrAuthentication
	}
	return b[:h.size+len(payload)], nil
}
