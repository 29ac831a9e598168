package netwatch

import (
	"testing"

	"github.com/parleyrtc/webrtc/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }
