"""Commands of studies: simvet batch | sensitivity | discover."""
