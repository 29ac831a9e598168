package transceiver

import (
	"time"

	"github.com/parleyrtc/webrtc/internal/srtptransport"
)

// sendHalf is what a session sends.
type sendHalf struct{}

func (o *sendHalf) setSealer(*srtptransport.Sealer) {}

func (o *sendHalf) nextTimeout() time.Time { return time.Time{} }

func (o *sendHalf) handleTimeout(time.Time) {}

func (o *sendHalf) close(time.Time) {}
