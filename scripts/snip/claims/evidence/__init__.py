"""What statements are judged on: a study's runs and mask images, and how mask images compare."""
