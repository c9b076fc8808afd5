package cwmp

import (
	"context"

	"github.com/cwmpd/cwmpd/internal/model"
)

// begin opens a transaction whose paths have instance numbers or aliases, as InstanceMode says now: what the ACS changes there
// holds for the next answer (9.7).
func (s *session) begin(ctx context.Context, origin model.Origin) (*model.Tx, error) {
	tx, err := s.cpe.cfg.Tree.Begin(ctx, origin)
	if err == nil && s.cpe.cfg.Settings().CPE.InstanceMode == "InstanceAlias" {
		tx.UseAliases()
	}
	return tx, err
}
