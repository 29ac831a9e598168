package webrtc

import "testing"

// webrtc-pc §5.5.1, §5.6.3 and §5.6.4: the initial state of each is new.
func TestTransportsBeginInStateNew(t *testing.T) {
	pc, err := NewPeerConnection(Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	transport := newTransport(pc, 1)
	defer transport.close()
	if s := transport.publicDTLS.State(); s != DTLSTransportStateNew {
		t.Errorf("the DTLS transport begins as %s, want new", s)
	}
	if s := transport.publicICE.State(); s != ICETransportStateNew {
		t.Errorf("the ICE transport begins as %s, want new", s)
	}
	if s := transport.publicICE.GatheringState(); s != ICEGathererStateNew {
		t.Errorf("the ICE gatherer begins as %s, want new", s)
	}
}
