// What `harmonium train` does where nothing else is said.
#include <gtest/gtest.h>

#include "harmonium/train/negative_phase.h"

namespace harmonium {
namespace {

TEST(RecommendedOptions, ArePersistentChainsOfTheCentredModelForWholeCases) {
  const Rbm rbm(parse_layer("6"), parse_layer("3"));
  const TrainOptions options = options_for(rbm, recommended_options());
  EXPECT_EQ(options.negative, NegativeKind::kPersistent);
  EXPECT_TRUE(options.centring);
  EXPECT_EQ(options.rate.shape, ScheduleShape::kLinear);
  EXPECT_EQ(options.average_epochs, 1u);
}

TEST(RecommendedOptions, StartChainsAtTheDataWhereNoOthersCanStandForIt) {
  const Rbm documents(parse_layer("multinomial 6"), parse_layer("3"));
  const TrainOptions of_documents = options_for(documents, recommended_options());
  EXPECT_EQ(of_documents.negative, NegativeKind::kContrastiveDivergence);
  EXPECT_FALSE(of_documents.centring);

  TrainOptions masked = recommended_options();
  masked.missing_absent = true;
  EXPECT_EQ(find_option_fault(masked), "");
  EXPECT_EQ(options_for(Rbm(parse_layer("6"), parse_layer("3")), masked).negative,
            NegativeKind::kContrastiveDivergence);
}

TEST(RecommendedOptions, LeaveWhatWasChosen) {
  const Rbm rbm(parse_layer("6"), parse_layer("3"));
  TrainOptions options = recommended_options();
  options.negative = NegativeKind::kTempering, options.centring = false;
  const TrainOptions own = options_for(rbm, options);
  EXPECT_EQ(own.negative, NegativeKind::kTempering);
  EXPECT_FALSE(own.centring);
}

}  // namespace
}  // namespace harmonium
